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
  foreach(source IN LISTS example_sources)
    cmake_path(GET source STEM name)
    add_executable(example_${name} ${source})
    target_link_libraries(example_${name} PRIVATE rush rush_options)
    set_target_properties(example_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  endforeach()
endif()

file(GLOB bench_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*_bench.cc")
file(GLOB workload_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*workloads.cc")
if(RUSH_BENCH AND bench_sources)
  find_package(benchmark QUIET)
  add_library(bench_workloads STATIC ${workload_sources})
  target_link_libraries(bench_workloads PUBLIC rush rush_options rush_deps)
  foreach(source IN LISTS bench_sources)
    cmake_path(GET source STEM name)
    add_executable(bench_${name} ${source})
    target_link_libraries(bench_${name} PRIVATE bench_workloads rush rush_options rush_deps nlohmann_json::nlohmann_json)
    if(TARGET DNNL::dnnl)  # to compare with
      target_link_libraries(bench_${name} PRIVATE DNNL::dnnl)
    endif()
    if(benchmark_FOUND)
      target_link_libraries(bench_${name} PRIVATE benchmark::benchmark)
    endif()
    set_target_properties(bench_${name} PROPERTIES
      OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  endforeach()
endif()
