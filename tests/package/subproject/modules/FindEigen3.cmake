# As projects carry one from before the library had a package of its own: it sets variables and makes no target.
set(EIGEN3_INCLUDE_DIR /usr/include/eigen3)
set(EIGEN3_INCLUDE_DIRS /usr/include/eigen3)
set(EIGEN3_LIBRARIES "")
set(Eigen3_FOUND TRUE)
