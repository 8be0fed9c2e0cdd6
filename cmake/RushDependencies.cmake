# Third-party libraries. The library proper sees them through `rush_deps`, and none of them shows in public headers.

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)
find_package(Highway REQUIRED)
find_package(nlohmann_json 3 REQUIRED)
find_path(KISSFFT_INCLUDE_DIR kissfft/kissfft.hh REQUIRED)  # a header alone; only one source includes it

add_library(rush_deps INTERFACE)
target_link_libraries(rush_deps INTERFACE Threads::Threads ZLIB::ZLIB PNG::PNG Highway::Highway)
set(RUSH_WITH_OPENMP 0)
set(RUSH_WITH_ONEDNN 0)
set(RUSH_WITH_LAPACK 0)
set(RUSH_WITH_CURL 0)
set(RUSH_WITH_BACKTRACE 0)

if(RUSH_OPENMP)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  target_link_libraries(rush_deps INTERFACE OpenMP::OpenMP_CXX)
  set(RUSH_WITH_OPENMP 1)
endif()

# Its package for Python, which a wheel is built from, is for x86-64 only.
if(SKBUILD AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
  set(RUSH_ONEDNN OFF)
endif()
if(RUSH_ONEDNN)
  # For a wheel the one that was asked for as a requirement of the build, wherever the installer put it.
  if(SKBUILD AND NOT dnnl_DIR)
    execute_process(OUTPUT_VARIABLE dnnl_DIR OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
      COMMAND "${Python_EXECUTABLE}" -c "import importlib.metadata as m
print(next(f.locate().resolve().parent for f in m.files('onednn-devel-cpu-gomp') if f.name == 'dnnl-config.cmake'))")
  endif()
  # Else any oneDNN of the system, then the one `tools/setup.sh` put into the local environment.
  find_package(dnnl 3 CONFIG QUIET)
  if(NOT dnnl_FOUND)
    find_package(dnnl 3 CONFIG QUIET PATHS "${PROJECT_SOURCE_DIR}/.venv" "$ENV{VIRTUAL_ENV}" NO_DEFAULT_PATH)
  endif()
  if(NOT dnnl_FOUND)
    message(FATAL_ERROR "oneDNN 3 was not found: run tools/setup.sh, set dnnl_DIR, or configure with -DRUSH_ONEDNN=OFF")
  endif()
  # One from a Python environment has to be installed along with rush.
  find_file(pyvenv_cfg pyvenv.cfg PATHS "${dnnl_DIR}/../../.." NO_DEFAULT_PATH NO_CACHE)
  set(RUSH_BUNDLE_ONEDNN 0)
  if(pyvenv_cfg OR SKBUILD)
    set(RUSH_BUNDLE_ONEDNN 1)
  endif()
  target_link_libraries(rush_deps INTERFACE $<LINK_ONLY:DNNL::dnnl>)  # its headers: only the kernels, below
  set(RUSH_WITH_ONEDNN 1)
endif()

if(RUSH_LAPACK)
  find_package(LAPACK QUIET)
  if(LAPACK_FOUND)
    target_link_libraries(rush_deps INTERFACE LAPACK::LAPACK)
    set(RUSH_WITH_LAPACK 1)
  else()
    message(STATUS "LAPACK was not found: rush::linalg will raise errors")
  endif()
endif()

if(RUSH_CURL)
  find_package(CURL QUIET)
  if(CURL_FOUND)
    target_link_libraries(rush_deps INTERFACE CURL::libcurl)
    set(RUSH_WITH_CURL 1)
  endif()
endif()

# Part of GCC: names the line where an anomaly arose.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES backtrace)
check_cxx_source_compiles("#include <backtrace.h>
int main() { return backtrace_create_state(nullptr, 1, nullptr, nullptr) == nullptr; }" RUSH_HAS_BACKTRACE)
unset(CMAKE_REQUIRED_LIBRARIES)
if(RUSH_HAS_BACKTRACE)
  target_link_libraries(rush_deps INTERFACE backtrace)
  set(RUSH_WITH_BACKTRACE 1)
endif()
target_link_libraries(rush_deps INTERFACE ${CMAKE_DL_LIBS})
