# Installs a program with its manual page, which is generated from its --help, and shell completion of its options.
function(glifr_install_app app)
  if(NOT GLIFR_INSTALL)
    return()
  endif()
  # The page is written when the program is built, so that a build of one program can be installed.
  set(page "${CMAKE_CURRENT_BINARY_DIR}/${app}.1")
  set(apps "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../apps")
  set(writer "${apps}/man_page.cmake")
  add_custom_command(TARGET ${app} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:${app}> "-DEMULATOR=${CMAKE_CROSSCOMPILING_EMULATOR}" -DPAGE=${page} -P "${writer}"
    BYPRODUCTS "${page}" VERBATIM)
  set_property(TARGET ${app} APPEND PROPERTY LINK_DEPENDS "${writer}")
  if(GLIFR_BUNDLE)
    # An RPATH, not a RUNPATH: it serves the libraries of the bundle, too, for what they need themselves.
    target_link_options(${app} PRIVATE LINKER:--disable-new-dtags)
    set_target_properties(${app} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/glifr")
    set_property(GLOBAL APPEND PROPERTY GLIFR_BUNDLED_PROGRAMS "$<TARGET_FILE:${app}>")
  elseif(BUILD_SHARED_LIBS)  # relative to the program, so that the prefix may be moved
    file(RELATIVE_PATH to_library "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
    set_target_properties(${app} PROPERTIES INSTALL_RPATH "$ORIGIN/${to_library}")
  endif()
  install(TARGETS ${app} COMPONENT runtime)
  install(FILES "${page}" DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT runtime)
  install(FILES "${apps}/completion.bash"
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${app} COMPONENT runtime)
  install(FILES "${apps}/completion.zsh"
    DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions RENAME _${app} COMPONENT runtime)
endfunction()
