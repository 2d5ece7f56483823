# Installs the component `runtime`, which programs need to run, and `development`: headers and the package files of
# find_package(glifr) and pkg-config. No file holds the path of the prefix, so the prefix may be moved. The programs are
# installed by install_app.cmake.
include(CMakePackageConfigHelpers)

install(TARGETS glifr EXPORT glifr-targets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
  ARCHIVE COMPONENT development
  FILE_SET HEADERS COMPONENT development
  FILE_SET cuda_headers COMPONENT development)
if(GLIFR_HAS_CUDA)
  install(TARGETS glifr_cuda EXPORT glifr-targets)
  list(APPEND GLIFR_COMPONENTS cuda)
endif()
if(GLIFR_HAS_MPI)
  install(TARGETS glifr_mpi EXPORT glifr-targets ARCHIVE COMPONENT development)
  list(APPEND GLIFR_COMPONENTS mpi)
endif()
if(GLIFR_APPS)
  install(TARGETS glifr_apps EXPORT glifr-targets ARCHIVE COMPONENT development)
  list(APPEND GLIFR_COMPONENTS apps)
endif()

# Programs that link the static library must also link its dependencies; the shared library is linked to them already.
if(BUILD_SHARED_LIBS)
  set(GLIFR_PC_REQUIRES_PRIVATE "tbb >= 2021, zlib")
else()
  set(GLIFR_PC_REQUIRES "tbb >= 2021, zlib")
  set(GLIFR_STATIC_DEPENDENCIES "glifr_find_zlib()")
  # By their names: another machine may have them in another folder.
  if(GLIFR_HAS_ZIP)
    string(APPEND GLIFR_STATIC_DEPENDENCIES "\nglifr_find_zip()")
    string(APPEND GLIFR_PC_REQUIRES ", libzip")
  endif()
  if(GLIFR_HAS_HDF5)
    string(APPEND GLIFR_STATIC_DEPENDENCIES "\nglifr_find_hdf5()")
    cmake_path(GET GLIFR_LIBHDF5_LIBRARY STEM LAST_ONLY hdf5_name)
    string(REGEX REPLACE "^lib" " -l" hdf5_name "${hdf5_name}")
    cmake_path(GET GLIFR_LIBHDF5_LIBRARY PARENT_PATH hdf5_folder)
    if(NOT hdf5_folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
      string(APPEND GLIFR_PC_LIBS " -L${hdf5_folder}")
    endif()
    string(APPEND GLIFR_PC_LIBS "${hdf5_name}")
  endif()
  if(GLIFR_HAS_CUDA)
    string(APPEND GLIFR_STATIC_DEPENDENCIES "\nglifr_find_cuda()")
    string(APPEND GLIFR_PC_LIBS " -L${CUDAToolkit_LIBRARY_DIR} -lcudart -ldl")
  endif()
endif()

set(GLIFR_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/glifr")
install(EXPORT glifr-targets NAMESPACE glifr:: DESTINATION ${GLIFR_CMAKE_DIR} COMPONENT development)
configure_package_config_file(cmake/glifr-config.cmake.in "${PROJECT_BINARY_DIR}/glifr-config.cmake"
  INSTALL_DESTINATION ${GLIFR_CMAKE_DIR} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/glifr-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/glifr-config.cmake" "${PROJECT_BINARY_DIR}/glifr-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/glifr-dependencies.cmake" "${PROJECT_SOURCE_DIR}/cmake/glifr-cpu-targets.cmake"
  DESTINATION ${GLIFR_CMAKE_DIR} COMPONENT development)

file(RELATIVE_PATH GLIFR_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" GLIFR_PC_PREFIX "${GLIFR_PC_PREFIX}")
configure_file(cmake/glifr.pc.in "${PROJECT_BINARY_DIR}/glifr.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/glifr.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
