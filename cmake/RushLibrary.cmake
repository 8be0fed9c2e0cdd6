# The library: one OBJECT library per folder of rush/ (a family recompiles alone), joined into one archive or
# shared object. Linking `rush` takes the whole archive: op records and kernels register themselves before main,
# and a linker that picks single members would drop those that nobody names.

function(rush_sources out folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cc")
  list(FILTER files EXCLUDE REGEX "_test\\.cc$|/cases/|/testing/")
  if(NOT RUSH_ONEDNN)
    list(FILTER files EXCLUDE REGEX "/kernels/cpu/onednn/")
  endif()
  set(${out} ${files} PARENT_SCOPE)
endfunction()

# Highway compiles a kernel once per target; three are enough: baseline, AVX2 and AVX3 (AVX-512), or NEON on Arm.
# The masks name bits of hwy/detect_targets.h by value, because older releases lack some of the names.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  set(RUSH_HWY_DISABLED "0x18F8LL")     # SSSE3, SSE4, AVX3_DL, AVX3_ZEN4, AVX3_SPR and later
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(RUSH_HWY_DISABLED "0xF000000LL")  # all forms of SVE
else()
  set(RUSH_HWY_DISABLED "0")
endif()
# Instrumented kernels take minutes to compile: one vector width stands for the others there, and the undefined-behaviour
# sanitizer leaves bad addresses to the address sanitizer.
set(RUSH_KERNEL_OPTIONS -fno-math-errno $<$<NOT:$<CONFIG:Debug>>:-O3>)
if(RUSH_SANITIZE)
  if(RUSH_HWY_DISABLED STREQUAL "0x18F8LL")
    set(RUSH_HWY_DISABLED "0x19F8LL")   # AVX3 too
  endif()
  list(APPEND RUSH_KERNEL_OPTIONS -fno-sanitize=null,object-size,pointer-overflow,vptr)
endif()

set(RUSH_OBJECTS "")
set(RUSH_FAMILIES base profile tensor core kernels ops autograd vmap graph nn optim data io dist view)
foreach(family IN LISTS RUSH_FAMILIES)
  rush_sources(sources rush/${family})
  if(family STREQUAL "kernels")  # only these few know whether oneDNN is there
    set(contractions ${sources})
    list(FILTER contractions INCLUDE REGEX "/onednn/|/(contraction_library|matmul|gemm|conv)\\.cc$")
    list(REMOVE_ITEM sources ${contractions})
    add_library(rush_contractions OBJECT ${contractions})
    list(APPEND RUSH_OBJECTS rush_contractions)
  endif()
  if(sources)
    add_library(rush_${family} OBJECT ${sources})
    list(APPEND RUSH_OBJECTS rush_${family})
  endif()
endforeach()
if(NOT RUSH_OBJECTS)  # an empty tree still configures
  file(WRITE "${PROJECT_BINARY_DIR}/empty.cc" "")
  add_library(rush_base OBJECT "${PROJECT_BINARY_DIR}/empty.cc")
  list(APPEND RUSH_OBJECTS rush_base)
endif()

foreach(object IN LISTS RUSH_OBJECTS)
  target_link_libraries(${object} PRIVATE rush_options rush_deps nlohmann_json::nlohmann_json)
  set_target_properties(${object} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endforeach()

# What a family is told about the build. Given to nobody else: so two builds that differ in an option share the
# objects of all other families through the compiler cache.
set(RUSH_DEFINITIONS_base RUSH_WITH_OPENMP=${RUSH_WITH_OPENMP})
set(RUSH_DEFINITIONS_core RUSH_WITH_BACKTRACE=${RUSH_WITH_BACKTRACE})
set(RUSH_DEFINITIONS_kernels
  RUSH_WITH_ONEDNN=${RUSH_WITH_ONEDNN} RUSH_WITH_OPENMP=${RUSH_WITH_OPENMP} "HWY_DISABLED_TARGETS=(${RUSH_HWY_DISABLED})")
set(RUSH_DEFINITIONS_contractions ${RUSH_DEFINITIONS_kernels})
list(REMOVE_ITEM RUSH_DEFINITIONS_kernels RUSH_WITH_ONEDNN=${RUSH_WITH_ONEDNN})
set(RUSH_DEFINITIONS_data
  RUSH_WITH_CURL=${RUSH_WITH_CURL} "RUSH_VERSION=\"${PROJECT_VERSION}\"" "RUSH_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
foreach(family ops nn optim io)  # their tests only
  set(RUSH_DEFINITIONS_${family} "RUSH_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
endforeach()
set(RUSH_DEFINITIONS_apps
  RUSH_WITH_ONEDNN=${RUSH_WITH_ONEDNN} RUSH_WITH_OPENMP=${RUSH_WITH_OPENMP} RUSH_WITH_CURL=${RUSH_WITH_CURL}
  "RUSH_VERSION=\"${PROJECT_VERSION}\"" "RUSH_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\"")
foreach(family base core kernels contractions data)
  if(TARGET rush_${family})
    target_compile_definitions(rush_${family} PRIVATE ${RUSH_DEFINITIONS_${family}})
  endif()
endforeach()
# Only these files know whether the library is there.
set_source_files_properties(
  "${PROJECT_SOURCE_DIR}/rush/kernels/cpu/lapack_solve.cc" "${PROJECT_SOURCE_DIR}/rush/kernels/cpu/lapack_factors.cc"
  PROPERTIES COMPILE_DEFINITIONS RUSH_WITH_LAPACK=${RUSH_WITH_LAPACK})
if(NOT KISSFFT_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
  set_source_files_properties("${PROJECT_SOURCE_DIR}/rush/kernels/cpu/fft.cc"
    PROPERTIES INCLUDE_DIRECTORIES "${KISSFFT_INCLUDE_DIR}")
endif()
# Written in vectors already: more optimisation doubles their size and changes nothing in their speed.
set_source_files_properties(
  "${PROJECT_SOURCE_DIR}/rush/kernels/cpu/reduce_sum.cc" "${PROJECT_SOURCE_DIR}/rush/kernels/cpu/reduce_extreme.cc"
  PROPERTIES COMPILE_OPTIONS "$<$<NOT:$<CONFIG:Debug>>:-O2>")
# The Mersenne Twister's loops are four times faster in vectors.
set_source_files_properties("${PROJECT_SOURCE_DIR}/rush/base/random.cc"
  PROPERTIES COMPILE_OPTIONS "$<$<NOT:$<CONFIG:Debug>>:-O3>")
foreach(family kernels contractions)
  if(TARGET rush_${family})
    target_compile_options(rush_${family} PRIVATE ${RUSH_KERNEL_OPTIONS})
  endif()
endforeach()
if(TARGET rush_contractions AND RUSH_WITH_ONEDNN)
  target_link_libraries(rush_contractions PRIVATE DNNL::dnnl)
endif()

set(objects "")
foreach(object IN LISTS RUSH_OBJECTS)
  list(APPEND objects $<TARGET_OBJECTS:${object}>)
endforeach()
add_library(rush_library ${objects})
add_library(rush::library ALIAS rush_library)  # the name that the installed package uses
set_target_properties(rush_library PROPERTIES
  OUTPUT_NAME rush EXPORT_NAME library LINKER_LANGUAGE CXX
  INSTALL_RPATH "$ORIGIN")
if(NOT SKBUILD)  # a wheel has no links, so its library has one name
  set_target_properties(rush_library PROPERTIES
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endif()
target_compile_features(rush_library PUBLIC cxx_std_20)
target_include_directories(rush_library PUBLIC
  "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_link_libraries(rush_library PRIVATE 
  "$<BUILD_INTERFACE:rush_options;rush_deps>" "$<INSTALL_INTERFACE:rush::deps>")
if(BUILD_SHARED_LIBS)
  target_link_options(rush_library PRIVATE LINKER:--exclude-libs,ALL LINKER:-Bsymbolic-functions)
endif()

add_library(rush INTERFACE)
add_library(rush::rush ALIAS rush)
if(BUILD_SHARED_LIBS)
  target_link_libraries(rush INTERFACE rush::library)
else()
  target_link_libraries(rush INTERFACE "$<LINK_LIBRARY:WHOLE_ARCHIVE,rush::library>")
endif()
