# The rushlight command (apps/), one program per file of examples/ and bench/.

file(GLOB app_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/*.cc")
if(RUSH_APPS AND app_sources)
  find_package(CLI11 REQUIRED)
  add_executable(rushlight ${app_sources})
  target_link_libraries(rushlight PRIVATE rush rush_options rush_deps nlohmann_json::nlohmann_json CLI11::CLI11)
  target_compile_definitions(rushlight PRIVATE ${RUSH_DEFINITIONS_apps})
  set_target_properties(rushlight PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}" INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  if(TARGET apps_test)  # which runs the command
    add_dependencies(apps_test rushlight)
  endif()
endif()

file(GLOB example_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
if(RUSH_EXAMPLES)
  file(GLOB common_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/common/*.cc")
  add_library(example_common STATIC ${common_sources})
  target_include_directories(example_common PUBLIC "${PROJECT_SOURCE_DIR}/examples")
  target_link_libraries(example_common PUBLIC rush rush_options)
  foreach(source IN LISTS example_sources)
    cmake_path(GET source STEM name)
    add_executable(example_${name} ${source})
    target_link_libraries(example_${name} PRIVATE example_common)
    set_target_properties(example_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  endforeach()
endif()

file(GLOB bench_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*_bench.cc")
file(GLOB workload_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cc")
list(FILTER workload_sources EXCLUDE REGEX "_(bench|test)\\.cc$")
if(RUSH_BENCH AND bench_sources)
  add_library(bench_workloads STATIC ${workload_sources})
  target_link_libraries(bench_workloads PUBLIC rush rush_options rush_deps)
  if(TARGET DNNL::dnnl)  # to compare with
    target_link_libraries(bench_workloads PUBLIC DNNL::dnnl)
    target_compile_definitions(bench_workloads PUBLIC RUSH_BENCH_ONEDNN=1)
  endif()
  foreach(source IN LISTS bench_sources)
    cmake_path(GET source STEM name)
    add_executable(bench_${name} ${source})
    target_link_libraries(bench_${name} PRIVATE bench_workloads rush rush_options rush_deps nlohmann_json::nlohmann_json)
    set_target_properties(bench_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  endforeach()
endif()

# Of single ops and kernels, where Google Benchmark is there.
file(GLOB micro_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/micro/*.cc")
if(RUSH_BENCH AND micro_sources)
  find_package(benchmark QUIET)
  if(benchmark_FOUND)
    add_executable(bench_micro ${micro_sources})
    target_link_libraries(bench_micro PRIVATE rush rush_options rush_deps benchmark::benchmark)
    set_target_properties(bench_micro PROPERTIES
      OUTPUT_NAME micro_bench RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  else()
    message(STATUS "Google Benchmark was not found: no bench/micro_bench")
  endif()
endif()

# What must not become slow: counts, and ratios within one run. Optimised builds only.
if(RUSH_BENCH AND RUSH_TESTS AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT RUSH_SANITIZE)
  find_package(GTest REQUIRED)
  add_executable(bench_guard "${PROJECT_SOURCE_DIR}/bench/guard_test.cc")
  target_link_libraries(bench_guard PRIVATE bench_workloads rush rush_options rush_deps GTest::gtest GTest::gtest_main)
  enable_testing()
  add_test(NAME bench_guard COMMAND bench_guard)
  set_tests_properties(bench_guard PROPERTIES
    LABELS bench TIMEOUT 300 RUN_SERIAL TRUE ENVIRONMENT "OMP_WAIT_POLICY=passive")
endif()
