# `cmake --install`: headers, library, the rushlight command, and a package for find_package(rush).
include(CMakePackageConfigHelpers)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rush")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/rush" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h"
  PATTERN "*_test.h" EXCLUDE PATTERN "*-inl.h" EXCLUDE PATTERN "kernels/cpu" EXCLUDE)
install(TARGETS rush rush_library EXPORT rush-targets)
install(EXPORT rush-targets NAMESPACE rush:: DESTINATION "${package_dir}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/share/digits" DESTINATION "${CMAKE_INSTALL_DATADIR}/rush")
if(TARGET rushlight)
  install(TARGETS rushlight)
endif()

install(DIRECTORY "${PROJECT_SOURCE_DIR}/share/" DESTINATION "${CMAKE_INSTALL_DATADIR}/rush")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# The oneDNN of the local environment goes along, for a consumer has no such environment.
if(RUSH_BUNDLE_ONEDNN)
  get_target_property(onednn_file DNNL::dnnl LOCATION)
  cmake_path(GET onednn_file FILENAME onednn_name)
  string(REGEX REPLACE "(\\.so\\.[0-9]+).*" "\\1" RUSH_ONEDNN_SONAME "${onednn_name}")
  file(REAL_PATH "${onednn_file}" onednn_file)
  install(PROGRAMS "${onednn_file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" RENAME "${RUSH_ONEDNN_SONAME}")
  # A fifth of it is symbols.
  install(CODE "if(CMAKE_INSTALL_DO_STRIP)
    execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-unneeded
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/${RUSH_ONEDNN_SONAME}\")
  endif()")
  install(DIRECTORY "${dnnl_DIR}/../../../share/doc/onednn" DESTINATION "${CMAKE_INSTALL_DOCDIR}" OPTIONAL)
endif()

# A wheel brings the OpenMP runtime along, under its own name: so oneDNN and we use one, and both the one of a program
# that has it already.
if(SKBUILD AND OpenMP_gomp_LIBRARY)
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=libgomp.so.1
    OUTPUT_VARIABLE openmp_file OUTPUT_STRIP_TRAILING_WHITESPACE)
  file(REAL_PATH "${openmp_file}" openmp_file)
  install(PROGRAMS "${openmp_file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}" RENAME libgomp.so.1)
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rush-config.cmake.in" "${PROJECT_BINARY_DIR}/rush-config.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rush-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rush-config.cmake" "${PROJECT_BINARY_DIR}/rush-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/FindHighway.cmake" DESTINATION "${package_dir}")
