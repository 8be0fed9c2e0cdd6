# Installs rush into a temporary prefix and lets the project in tests/consumer find, build and run it.
# KIND: static (this build tree is installed), shared (a second tree is built first; the compiler cache makes that
# short), subdirectory (the consumer only configures with add_subdirectory, which must offer rush::rush and no tests).
set(work "${BUILD}/package/${KIND}")
set(prefix "${work}/prefix")
file(REMOVE_RECURSE "${prefix}" "${work}/consumer")
set(tools -G Ninja "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}")
set(features "-DRUSH_ONEDNN=${ONEDNN}" "-DRUSH_OPENMP=${OPENMP}")

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGV}\n${output}")
  endif()
endfunction()

if(KIND STREQUAL "subdirectory")
  run(${CMAKE_COMMAND} -S "${SOURCE}/tests/consumer" -B "${work}/consumer" ${tools} ${features} "-DRUSH_SOURCE=${SOURCE}")
  return()
endif()

if(KIND STREQUAL "shared")
  # A neighbour of the build folder: the same relative paths, so the compiler cache has every object.
  run(${CMAKE_COMMAND} -S "${SOURCE}" -B "${BUILD}-shared" ${tools} ${features} "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=${FLAGS}"
    -DBUILD_SHARED_LIBS=ON -DRUSH_TESTS=OFF -DRUSH_APPS=OFF -DRUSH_EXAMPLES=OFF -DRUSH_BENCH=OFF)
  run(${CMAKE_COMMAND} --build "${BUILD}-shared")
  set(BUILD "${BUILD}-shared")
endif()
run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${prefix}")
# The prefix moves: a package must not remember where it was made.
file(REMOVE_RECURSE "${work}/moved")
file(RENAME "${prefix}" "${work}/moved")
run(${CMAKE_COMMAND} -S "${SOURCE}/tests/consumer" -B "${work}/consumer" ${tools} "-DCMAKE_PREFIX_PATH=${work}/moved")
run(${CMAKE_COMMAND} --build "${work}/consumer")
run("${work}/consumer/consumer")
