# One test program per folder of rush/: base_test, tensor_test, ... from its *_test.cc files; those of tests/ make
# apps_test. A test is labelled by its folder; the test preset tsan picks those about threads by name.
find_package(GTest REQUIRED)
include(GoogleTest)

function(rush_test_target name family)
  target_link_libraries(${name} PRIVATE rush rush_options rush_deps nlohmann_json::nlohmann_json)
  target_compile_definitions(${name} PRIVATE ${RUSH_DEFINITIONS_${family}})
endfunction()

# Rows of cases that several programs share (rush/ops/cases/*.cc) are no part of the library.
file(GLOB case_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/rush/*/cases/*.cc")
list(FILTER case_sources EXCLUDE REGEX "_test\\.cc$")
if(case_sources)
  add_library(rush_cases OBJECT ${case_sources})
  rush_test_target(rush_cases cases)
endif()

foreach(family IN LISTS RUSH_FAMILIES ITEMS apps)
  set(folder "${PROJECT_SOURCE_DIR}/rush/${family}")
  if(family STREQUAL "apps")  # whole programs and documents
    set(folder "${PROJECT_SOURCE_DIR}/tests")
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*_test.cc")
  if(sources)
    add_executable(${family}_test ${sources})
    rush_test_target(${family}_test ${family})
    target_link_libraries(${family}_test PRIVATE GTest::gtest GTest::gtest_main)
    if(family MATCHES "ops|graph|vmap" AND TARGET rush_cases)
      target_link_libraries(${family}_test PRIVATE rush_cases)
    endif()
    gtest_discover_tests(${family}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
      PROPERTIES TIMEOUT 600 LABELS ${family} ENVIRONMENT "OMP_WAIT_POLICY=passive")
  endif()
endforeach()

# The program that writes the cases which `make parity` judges.
file(GLOB parity_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/parity/*.cc")
if(parity_sources)
  add_executable(parity_cases ${parity_sources})
  rush_test_target(parity_cases apps)
  if(TARGET rush_cases)
    target_link_libraries(parity_cases PRIVATE rush_cases)
  endif()
endif()

# The installed package as an outside project sees it, static and shared.
if(RUSH_INSTALL AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(package_kinds static shared subdirectory)
  foreach(kind IN LISTS package_kinds)
    add_test(NAME package_${kind} COMMAND ${CMAKE_COMMAND}
      -DKIND=${kind} "-DSOURCE=${PROJECT_SOURCE_DIR}" "-DBUILD=${PROJECT_BINARY_DIR}"
      "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DBUILD_TYPE=${CMAKE_BUILD_TYPE}"
      "-DFLAGS=${CMAKE_CXX_FLAGS_RELWITHDEBINFO}" "-DONEDNN=${RUSH_ONEDNN}" "-DOPENMP=${RUSH_OPENMP}"
      -P "${PROJECT_SOURCE_DIR}/tests/package_test.cmake")
    set_tests_properties(package_${kind} PROPERTIES LABELS package TIMEOUT 1800)
  endforeach()
endif()

# The programs shown in the documents compile and run, and so do the examples.
if(RUSH_EXAMPLES)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  file(GLOB documents CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/docs/*.md")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${documents})
  execute_process(
    COMMAND "${Python3_EXECUTABLE}" "${PROJECT_SOURCE_DIR}/tools/extract_snippets.py"
            "${PROJECT_BINARY_DIR}/snippets" ${documents}
    OUTPUT_VARIABLE snippets OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" snippets "${snippets}")
  foreach(source IN LISTS snippets)
    cmake_path(GET source STEM name)
    add_executable(snippet_${name} "${source}")
    target_link_libraries(snippet_${name} PRIVATE rush rush_options)
    set_target_properties(snippet_${name} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/snippets")
    add_test(NAME snippet_${name} COMMAND snippet_${name}
             WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/snippets")
    set_tests_properties(snippet_${name} PROPERTIES LABELS documents TIMEOUT 120)
    if(name MATCHES "^vocabulary" AND NOT RUSH_WITH_LAPACK)
      set_tests_properties(snippet_${name} PROPERTIES DISABLED TRUE)
    endif()
  endforeach()
  foreach(source IN LISTS example_sources)
    cmake_path(GET source STEM name)
    add_test(NAME example_${name} COMMAND example_${name} --quick
             WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/snippets")
    set_tests_properties(example_${name} PROPERTIES
      LABELS documents TIMEOUT 300 ENVIRONMENT "OMP_WAIT_POLICY=passive")
  endforeach()
  add_test(NAME example_wgan COMMAND example_gan --wasserstein --quick
           WORKING_DIRECTORY "${PROJECT_BINARY_DIR}/snippets")
  set_tests_properties(example_wgan PROPERTIES
    LABELS documents TIMEOUT 300 ENVIRONMENT "OMP_WAIT_POLICY=passive")
endif()
