# The archive of scripts/package.sh: its programs run without a package installed. HDF5 and Boost are linked statically, the other libraries that are not
# the C library's travel in lib/glifr, and the licences of all of them in share/doc/glifr/licences.

# Before the libraries are searched: makes the targets of those that are linked statically.
macro(glifr_use_static_libraries)
  set(Boost_USE_STATIC_LIBS ON)
  # Debian's shared HDF5 reads files over the network too, for which it needs thirty more libraries; none of its static archive's parts that are used here does.
  if(NOT GLIFR_HDF5 STREQUAL "OFF")
    find_path(GLIFR_LIBHDF5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial)
    find_library(GLIFR_LIBHDF5_LIBRARY NAMES libhdf5_serial.a libhdf5.a PATH_SUFFIXES hdf5/serial)
    find_library(GLIFR_LIBSZ_LIBRARY libsz.a)
    find_library(GLIFR_LIBAEC_LIBRARY libaec.a)
    mark_as_advanced(GLIFR_LIBHDF5_INCLUDE_DIR GLIFR_LIBHDF5_LIBRARY GLIFR_LIBSZ_LIBRARY GLIFR_LIBAEC_LIBRARY)
    if(GLIFR_LIBHDF5_INCLUDE_DIR AND GLIFR_LIBHDF5_LIBRARY AND GLIFR_LIBSZ_LIBRARY AND GLIFR_LIBAEC_LIBRARY)
      add_library(glifr::libhdf5 STATIC IMPORTED)
      set_target_properties(glifr::libhdf5 PROPERTIES IMPORTED_LOCATION "${GLIFR_LIBHDF5_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${GLIFR_LIBHDF5_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${GLIFR_LIBSZ_LIBRARY};${GLIFR_LIBAEC_LIBRARY};ZLIB::ZLIB;${CMAKE_DL_LIBS};m")
    endif()
  endif()
endmacro()

# After the programs are known: installs, as the component `bundle`, the libraries that they need, and the licences, which are those of Debian's packages.
function(glifr_install_bundle)
  get_property(programs GLOBAL PROPERTY GLIFR_BUNDLED_PROGRAMS)
  # What travels inside the programs; the packages of shared libraries are found when these are installed.
  set(packages libeigen3-dev libboost${Boost_VERSION_MAJOR}.${Boost_VERSION_MINOR}-dev libcli11-dev)
  if(GLIFR_HAS_HDF5)
    list(APPEND packages libhdf5-dev libaec-dev)
  endif()
  if(GLIFR_PROTOZERO_INCLUDE_DIR)
    list(APPEND packages libprotozero-dev)
  endif()
  list(JOIN programs "\" \"" programs)
  install(CODE "set(programs \"${programs}\")
  set(packages ${packages})
  set(boost_headers \"${Boost_INCLUDE_DIRS}\")
  set(boost_json \"$<TARGET_FILE:Boost::json>\")
  set(boost_version \"${Boost_VERSION_STRING}\")
  set(root \"${CMAKE_SYSROOT}\")
  set(architecture \"${CMAKE_LIBRARY_ARCHITECTURE}\")" COMPONENT bundle)
  install(SCRIPT "${PROJECT_SOURCE_DIR}/cmake/install_bundle.cmake" COMPONENT bundle)
endfunction()
