# The Python package's tests: one ctest entry per folder of python/tests. What nanobind says about leaked objects when
# the interpreter ends fails them too.
file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true "${PROJECT_SOURCE_DIR}/python/tests/*")
foreach(folder IN LISTS folders)
  cmake_path(GET folder FILENAME name)
  if(IS_DIRECTORY "${folder}" AND NOT name MATCHES "^_")
    add_test(NAME python_${name} COMMAND "${Python_EXECUTABLE}" -m pytest -q "${folder}"
             WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
    set_tests_properties(python_${name} PROPERTIES LABELS python TIMEOUT 300
      ENVIRONMENT "PYTHONPATH=${PROJECT_BINARY_DIR}/python;PYTHONDONTWRITEBYTECODE=1;OMP_WAIT_POLICY=passive"
      FAIL_REGULAR_EXPRESSION "nanobind: leaked")
  endif()
endforeach()

# What makes tables out of benchmarks.
add_test(NAME python_bench COMMAND "${Python_EXECUTABLE}" -m pytest -q "${PROJECT_SOURCE_DIR}/bench/tests"
         WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
set_tests_properties(python_bench PROPERTIES LABELS python TIMEOUT 60 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
