# The target `docs`: the API reference and the pages of docs/, as HTML. A warning of Doxygen is an error.
find_package(Doxygen QUIET)
if(NOT DOXYGEN_FOUND)
  return()
endif()

set(GLIFR_DOCS_DIR "${PROJECT_BINARY_DIR}/docs")
configure_file(docs/Doxyfile.in "${PROJECT_BINARY_DIR}/Doxyfile" @ONLY)
add_custom_target(docs
  COMMAND ${CMAKE_COMMAND} -E make_directory "${GLIFR_DOCS_DIR}"
  COMMAND Doxygen::doxygen "${PROJECT_BINARY_DIR}/Doxyfile"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  COMMENT "Documentation: ${GLIFR_DOCS_DIR}/html/index.html"
  VERBATIM)
