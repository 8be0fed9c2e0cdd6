# The Python package: the extension module rushlight._C, beside links to the package's own files, so that the build
# folder's python/ can be put on PYTHONPATH. What a wheel holds is installed under rushlight/.
if(NOT Python_EXECUTABLE AND EXISTS "${PROJECT_SOURCE_DIR}/.venv/bin/python")
  set(Python_EXECUTABLE "${PROJECT_SOURCE_DIR}/.venv/bin/python")
endif()
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
  OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE nanobind_ROOT RESULT_VARIABLE no_nanobind ERROR_QUIET)
if(no_nanobind)
  message(FATAL_ERROR "nanobind was not found: run tools/setup.sh, or configure with -DRUSH_PYTHON=OFF")
endif()
find_package(nanobind CONFIG REQUIRED)

file(GLOB python_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/python/src/*.cc")
nanobind_add_module(rushlight_python NB_STATIC NOMINSIZE ${python_sources})
target_link_libraries(rushlight_python PRIVATE rush rush_options)
set_source_files_properties("${PROJECT_SOURCE_DIR}/python/src/build.cc"
  PROPERTIES COMPILE_DEFINITIONS "RUSH_VERSION=\"${PROJECT_VERSION}\"")
if(BUILD_SHARED_LIBS)
  # Variables that headers define (the thread's observer, ...) must be one with the library's.
  set_target_properties(rushlight_python PROPERTIES CXX_VISIBILITY_PRESET default)
else()
  # Nothing but the module's entry is seen from outside; calls within stay within.
  target_link_options(rushlight_python PRIVATE LINKER:--exclude-libs,ALL LINKER:-Bsymbolic)
endif()
set(python_package "${PROJECT_BINARY_DIR}/python/rushlight")
set_target_properties(rushlight_python PROPERTIES
  OUTPUT_NAME _C LIBRARY_OUTPUT_DIRECTORY "${python_package}" INSTALL_RPATH "$ORIGIN/lib" BUILD_WITH_INSTALL_RPATH OFF)

file(GLOB package_files CONFIGURE_DEPENDS LIST_DIRECTORIES true "${PROJECT_SOURCE_DIR}/python/rushlight/*")
file(MAKE_DIRECTORY "${python_package}")
foreach(file IN LISTS package_files)
  cmake_path(GET file FILENAME name)
  if(NOT name STREQUAL "__pycache__")
    file(CREATE_LINK "${file}" "${python_package}/${name}" SYMBOLIC)
  endif()
endforeach()

# In a wheel the package's folder is the prefix: include/, lib/ and share/ lie beside the module.
if(SKBUILD)
  install(TARGETS rushlight_python LIBRARY DESTINATION .)
endif()
