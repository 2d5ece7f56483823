# Finds the libraries that glifr links to, for its own build and, once installed, for find_package(glifr). `glifr_missing` becomes a sentence
# that names the missing library and how to get it, or stays empty.

set(glifr_missing "")

# glifr_find(PACKAGE TARGET MINIMUM NAME DEBIAN UPSTREAM [arguments of find_package]): makes sure that the target exists, also in a project that has defined it
# before. NAME is the name of the package in messages; DEBIAN and UPSTREAM say where to get it.
macro(glifr_find package target minimum name debian upstream)
  if(NOT glifr_missing)
    if(NOT TARGET ${target})
      find_package(${package} ${minimum} ${ARGN} QUIET)
    endif()
    if(NOT TARGET ${target})  # again without the project's own Find modules, which may not define the target
      set(glifr_module_path "${CMAKE_MODULE_PATH}")
      set(CMAKE_MODULE_PATH "")
      find_package(${package} ${minimum} ${ARGN} QUIET)
      set(CMAKE_MODULE_PATH "${glifr_module_path}")
    endif()
    set(glifr_found "")
    if(NOT TARGET ${target} AND ${package}_CONSIDERED_VERSIONS)
      list(JOIN ${package}_CONSIDERED_VERSIONS ", " glifr_found)
    elseif(TARGET ${target} AND ${package}_VERSION AND "${${package}_VERSION}" VERSION_LESS "${minimum}")
      set(glifr_found "${${package}_VERSION}")
    endif()
    if(glifr_found OR NOT TARGET ${target})
      set(glifr_missing "${name} is missing")
      if(glifr_found)
        set(glifr_missing "${name} is needed, found ${glifr_found}")
      endif()
      string(APPEND glifr_missing ": on Debian and Ubuntu install ${debian}, elsewhere ${upstream}. "
        "Add other installation folders to CMAKE_PREFIX_PATH.")
    endif()
  endif()
endmacro()

# Searched by the libraries' own package files (CONFIG): a project's own FindTBB.cmake may not define the target.
macro(glifr_find_libraries)
  glifr_find(TBB TBB::tbb 2021 "oneTBB 2021 or newer" libtbb-dev "oneTBB (https://github.com/uxlfoundation/oneTBB)" CONFIG)
  if(NOT TARGET glifr::boost_json)  # the archive of scripts/package.sh has its own
    glifr_find(Boost Boost::json 1.81 "Boost 1.81 or newer with its library JSON" "libboost-json1.81-dev or a newer one"
      "Boost with its library json (https://www.boost.org)" CONFIG COMPONENTS json)
    if(TARGET Boost::json)
      add_library(glifr::boost_json INTERFACE IMPORTED)
      set_target_properties(glifr::boost_json PROPERTIES INTERFACE_LINK_LIBRARIES Boost::json)
    endif()
  endif()
  glifr_find(Threads Threads::Threads "" "a library of threads" libc6-dev "the C library's headers")
endmacro()

macro(glifr_find_zlib)
  glifr_find(ZLIB ZLIB::ZLIB "" zlib zlib1g-dev "zlib (https://zlib.net)")
endmacro()

# glifr_find_plain(TARGET VARIABLE HEADER LIBRARIES SUFFIX NAME DEBIAN UPSTREAM): the same for a C library without a package file of CMake's that can be relied
# on: makes the target from its header and its library, in the usual folders or those below them called SUFFIX.
macro(glifr_find_plain target variable header libraries suffix name debian upstream)
  if(NOT glifr_missing AND NOT TARGET ${target})
    find_path(${variable}_INCLUDE_DIR ${header} PATH_SUFFIXES ${suffix})
    find_library(${variable}_LIBRARY NAMES ${libraries} PATH_SUFFIXES ${suffix})
    mark_as_advanced(${variable}_INCLUDE_DIR ${variable}_LIBRARY)
    if(${variable}_INCLUDE_DIR AND ${variable}_LIBRARY)
      add_library(${target} UNKNOWN IMPORTED)
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${${variable}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${${variable}_INCLUDE_DIR}")
    else()
      set(glifr_missing "${name} is missing: on Debian and Ubuntu install ${debian}, elsewhere ${upstream}. ")
      string(APPEND glifr_missing "Add other installation folders to CMAKE_PREFIX_PATH.")
    endif()
  endif()
endmacro()

# libzip's own package file fails where its command-line tools are not installed.
macro(glifr_find_zip)
  glifr_find_plain(glifr::libzip GLIFR_LIBZIP zip.h "zip" "" libzip libzip-dev "libzip (https://libzip.org)")
endmacro()

macro(glifr_find_hdf5)
  glifr_find_plain(glifr::libhdf5 GLIFR_LIBHDF5 hdf5.h "hdf5_serial;hdf5" "hdf5/serial" HDF5 libhdf5-dev
    "HDF5 (https://www.hdfgroup.org/solutions/hdf5)")
endmacro()

macro(glifr_find_mpi)
  set(MPI_CXX_SKIP_MPICXX ON)  # the C interface is all that is used
  glifr_find(MPI MPI::MPI_CXX 3 "an MPI of version 3 or newer" "libopenmpi-dev and openmpi-bin" "Open MPI (https://www.open-mpi.org)" GLOBAL COMPONENTS CXX)
  if(NOT glifr_missing AND DEFINED MPI_CXX_FOUND AND NOT MPI_CXX_FOUND)  # CMake makes the target even where it finds no MPI
    set(glifr_missing "an MPI of version 3 or newer is missing: on Debian and Ubuntu install libopenmpi-dev and openmpi-bin. ")
  endif()
endmacro()

macro(glifr_find_cuda)
  glifr_find(CUDAToolkit CUDA::cudart 12 "the CUDA Toolkit 12 or newer" "NVIDIA's package cuda-toolkit"
    "the CUDA Toolkit (https://developer.nvidia.com/cuda-toolkit)")
endmacro()
