# What scripts/package.sh makes: the Debian packages `glifr`, the programs, and `libglifr-dev`, the library; and with GLIFR_BUNDLE an archive that
# holds both and the libraries that the programs need.
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/glifr RENAME copyright COMPONENT runtime)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libglifr-dev RENAME copyright COMPONENT development)

set(CPACK_GENERATOR DEB)
if(GLIFR_BUNDLE)
  glifr_install_bundle()
endif()
string(TOLOWER "glifr-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}" CPACK_PACKAGE_FILE_NAME)  # of the archive
set(CPACK_PACKAGE_VENDOR "The glifr authors")
set(CPACK_PACKAGE_CONTACT "The glifr authors <authors@glifr.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL runtime development)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME glifr)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "gnuplot-nox | gnuplot")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
  "Programs that train networks of GLIFR neurons, vanilla RNNs and LSTMs on the\ntasks of the published experiments, and analyse what they have learned.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libglifr-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Headers and library, for your own programs and neuron models.")
set(glifr_development_needs "libtbb-dev (>= 2021)" "libboost-json${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR}-dev" zlib1g-dev)
if(GLIFR_HAS_ZIP)
  list(APPEND glifr_development_needs libzip-dev)
endif()
if(GLIFR_HAS_HDF5)
  list(APPEND glifr_development_needs libhdf5-dev)
endif()
if(GLIFR_HAS_MPI)
  set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS libopenmpi-dev)  # for the components mpi and apps alone
endif()
if(BUILD_SHARED_LIBS)
  list(APPEND glifr_development_needs "glifr (= ${PROJECT_VERSION})")
endif()
list(JOIN glifr_development_needs ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)

set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_SOURCE_DIR}/cmake/package_kind.cmake")  # what the two kinds differ in
include(CPack)
