# Read by cpack for each kind of package that it makes.
if(CPACK_GENERATOR STREQUAL "TGZ")
  set(CPACK_COMPONENTS_ALL runtime development bundle)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL OFF)  # one archive of all
endif()
