# One library per module: proctor_module(NAME collectors_os SOURCES a.cpp DEPENDS proctor_base TESTS a_test.cpp).
# With TESTS it also makes NAME_test, one program for all unit tests of the module.
function(proctor_module)
  cmake_parse_arguments(MODULE "" "NAME" "SOURCES;DEPENDS;TESTS;TEST_DEPENDS" ${ARGN})
  if(MODULE_SOURCES)
    add_library(proctor_${MODULE_NAME} STATIC ${MODULE_SOURCES})
    target_include_directories(proctor_${MODULE_NAME} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(proctor_${MODULE_NAME} PUBLIC ${MODULE_DEPENDS} PRIVATE proctor_warnings)
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
    target_compile_definitions(${MODULE_NAME}_test PRIVATE PROCTOR_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${MODULE_NAME} COMMAND ${MODULE_NAME}_test)
    set_tests_properties(${MODULE_NAME} PROPERTIES TIMEOUT 300 LABELS unit)
  endif()
endfunction()
