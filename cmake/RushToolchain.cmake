# How our code is compiled: build type, compiler cache, and the options every target of ours gets.

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

# Paths are hashed relative to the checkout, so that a second clone or another build folder hits the same cache.
find_program(CCACHE_PROGRAM ccache)
if(PROJECT_IS_TOP_LEVEL AND CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime "${CCACHE_PROGRAM}")
endif()

add_library(rush_options INTERFACE)
target_compile_features(rush_options INTERFACE cxx_std_20)
target_include_directories(rush_options INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
# GCC's -Wmaybe-uninitialized sees ghosts where short inline arrays are copied up to their length.
target_compile_options(rush_options INTERFACE
  -Wall -Wextra -Wno-maybe-uninitialized $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds> $<$<BOOL:${RUSH_WERROR}>:-Werror>
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/="
  # In a shared library (the Python package), calls within it and its thread-local flags cost what they cost elsewhere.
  -ftls-model=initial-exec $<$<CXX_COMPILER_ID:GNU>:-fno-semantic-interposition>)
if(RUSH_SANITIZE)
  list(JOIN RUSH_SANITIZE "," sanitizers)
  target_compile_options(rush_options INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(rush_options INTERFACE -fsanitize=${sanitizers})
endif()
