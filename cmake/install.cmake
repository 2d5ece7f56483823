# What `cmake --install` lays down, and the package that find_package(glifr) finds.
include(CMakePackageConfigHelpers)

install(TARGETS glifr EXPORT glifr-targets)
install(DIRECTORY include/glifr DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT glifr-targets NAMESPACE glifr:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/glifr)

configure_package_config_file(cmake/glifr-config.cmake.in "${PROJECT_BINARY_DIR}/glifr-config.cmake"
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/glifr)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/glifr-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/glifr-config.cmake" "${PROJECT_BINARY_DIR}/glifr-config-version.cmake"
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/glifr)
