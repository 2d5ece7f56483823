# Read by cpack for each kind of package that it makes.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(CPACK_COMPONENTS_ALL runtime development bundle)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)  # one archive of all
  string(TOLOWER "${CPACK_SYSTEM_NAME}" system)
  set(CPACK_PACKAGE_FILE_NAME "glifr-${CPACK_PACKAGE_VERSION}-${system}-${CPACK_SYSTEM_PROCESSOR}")
endif()
