# Finds Eigen, for the eigenvalues of src/analysis. It is compiled in: what uses the library needs none.
if(TARGET eigen AND NOT TARGET Eigen3::Eigen)  # Eigen's package defines no target if there is already one named eigen
  find_package(Eigen3 3.4 CONFIG QUIET)
  if(EIGEN3_INCLUDE_DIR AND NOT TARGET Eigen3::Eigen)
    add_library(Eigen3::Eigen INTERFACE IMPORTED)
    target_include_directories(Eigen3::Eigen INTERFACE "${EIGEN3_INCLUDE_DIR}")
  endif()
endif()
glifr_find(Eigen3 Eigen3::Eigen 3.4 "Eigen 3.4 or newer" libeigen3-dev "Eigen (https://eigen.tuxfamily.org)" CONFIG)
