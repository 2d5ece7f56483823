# Sanitizers go on every target of the build, or their reports cannot be trusted.
if(GLIFR_SANITIZE)
  add_compile_options(-fsanitize=${GLIFR_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GLIFR_SANITIZE})
endif()
