# One library per module: proctor_module(NAME collectors_os SOURCES a.cpp DEPENDS proctor_base TESTS a_test.cpp).
# With TESTS it also makes NAME_test, one program for all unit tests of the module.
#
# With PROCTOR_PRECOMPILE what nearly every file includes is read once, by the base module; that took half of a build.
# A file that lacks one of these includes is found by the preset clang, which reads each file by itself. Not where it is
# optimised: of inlined code that was precompiled, g++ 12 gives the warnings that it keeps to itself for system headers.
option(PROCTOR_PRECOMPILE "Precompile the headers that nearly every file includes" OFF)
set(precompiled_headers
    <algorithm> <array> <chrono> <cstdint> <filesystem> <fstream> <functional> <map> <memory> <optional> <set> <span>
    <string> <string_view> <unordered_map> <utility> <vector> <fmt/format.h> <tl/expected.hpp>)
set(precompiled_test_headers ${precompiled_headers} <gmock/gmock.h> <gtest/gtest.h>)

# Precompiled once, for the target FIRST, and used again by all the others.
function(proctor_precompile NAME FIRST)
  if(NOT PROCTOR_PRECOMPILE)
    return()
  endif()
  if("${NAME}" STREQUAL "${FIRST}")
    target_precompile_headers(${NAME} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${NAME} REUSE_FROM ${FIRST})
  endif()
endfunction()

# All tests that need no other program of the build.
add_custom_target(unit_tests)

function(proctor_module)
  cmake_parse_arguments(MODULE "" "NAME" "SOURCES;DEPENDS;TESTS;TEST_DEPENDS" ${ARGN})
  if(MODULE_SOURCES)
    add_library(proctor_${MODULE_NAME} STATIC ${MODULE_SOURCES})
    target_include_directories(proctor_${MODULE_NAME} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(proctor_${MODULE_NAME} PUBLIC ${MODULE_DEPENDS} PRIVATE proctor_warnings)
    if(CMAKE_BUILD_TYPE STREQUAL "Debug")
      proctor_precompile(proctor_${MODULE_NAME} proctor_base ${precompiled_headers})
    endif()
  else()
    add_library(proctor_${MODULE_NAME} INTERFACE)
    target_include_directories(proctor_${MODULE_NAME} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(proctor_${MODULE_NAME} INTERFACE ${MODULE_DEPENDS})
  endif()
  if(MODULE_TESTS)
    add_executable(${MODULE_NAME}_test ${MODULE_TESTS})
    target_link_libraries(
      ${MODULE_NAME}_test PRIVATE proctor_${MODULE_NAME} ${MODULE_TEST_DEPENDS} proctor_warnings GTest::gmock
                                  GTest::gtest_main)
    # What is tested is optimised, not the tests: a third of a build went into what runs once.
    target_compile_options(${MODULE_NAME}_test PRIVATE -O0 -g1)
    proctor_precompile(${MODULE_NAME}_test base_test ${precompiled_test_headers})
    target_compile_definitions(${MODULE_NAME}_test PRIVATE PROCTOR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${MODULE_NAME} COMMAND ${MODULE_NAME}_test)
    set_tests_properties(${MODULE_NAME} PROPERTIES TIMEOUT 300 LABELS unit)
    add_dependencies(unit_tests ${MODULE_NAME}_test)
  endif()
endfunction()
