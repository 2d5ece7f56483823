# All targets of the build are compiled with the sanitizers; otherwise their reports are unreliable.
if(GLIFR_SANITIZE)
  add_compile_options(-fsanitize=${GLIFR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GLIFR_SANITIZE})
endif()
