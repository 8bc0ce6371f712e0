# mayfly_room(NAME [DEPENDS room…] [LIBRARIES target…] [TEST_LIBRARIES target…] [EXTRA_SOURCES file…] [PRECOMPILE header…]
#             [COLD [HOT_SOURCES file…] | WARM])
#
# One static library per room of src/, from all its .cc files. Beside the code live
#   *_test.cc   one GoogleTest program per room, <room>_test, run by ctest
#   *_fuzz.cc   one libFuzzer program each (-DMAYFLY_FUZZ=ON)
# TEST_LIBRARIES are what tests and fuzz targets need beyond the room.
#   main.cc     of a program, which the room makes itself
# DEPENDS are earlier rooms (tools/tidy holds the exact table).
# PRECOMPILE: headers that most files of the room include and that are dear to read; a change of one compiles the whole room
# again, so they are the widest ones only. All rooms have src/base/precompiled.h (docs/building.md says what each choice pays).
# COLD: nothing of the room is on the way of an invocation or of data, only what a person or a deploy tool calls: a release does not
# optimise it, which takes half the time. WARM: data pass it, or it computes; a release compiles it with -O1 and hardly inlines.
# HOT_SOURCES: files of a cold room that data pass. They, and rooms that are neither, are optimised, and linked before all others (mayfly_program), so that theirs are the inline functions that
# programs take where several rooms have compiled the same one.
function(mayfly_room name)
  cmake_parse_arguments(ROOM "COLD;WARM" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES;EXTRA_SOURCES;PRECOMPILE;HOT_SOURCES" ${ARGN})
  string(REPLACE "/" "_" target ${name})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  set(fuzzers ${sources})
  list(FILTER sources EXCLUDE REGEX "(_(test|fuzz|bench)|/main)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(APPEND sources ${ROOM_EXTRA_SOURCES})
  set(links ${ROOM_LIBRARIES})
  foreach(room ${ROOM_DEPENDS})
    string(REPLACE "/" "_" dependency ${room})
    list(APPEND links mayfly_${dependency})
  endforeach()
  set(self mayfly_${target})
  if(ROOM_HOT_SOURCES)
    # They name functions of the rest and the rest names theirs; the linker does not mind.
    list(TRANSFORM ROOM_HOT_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
    list(REMOVE_ITEM sources ${ROOM_HOT_SOURCES})
    mayfly_room_library(${self}_hot ${ROOM_HOT_SOURCES})
    set_target_properties(${self}_hot PROPERTIES UNITY_BUILD_BATCH_SIZE 0)  # one batch, which reads the room's headers once
    mayfly_hot(${self}_hot)
    mayfly_precompile(${self}_hot)
  endif()
  if(sources)
    mayfly_room_library(${self} ${sources})
    if(ROOM_HOT_SOURCES)
      target_link_libraries(${self} PUBLIC ${self}_hot)
    endif()
    if(ROOM_COLD)
      mayfly_cold(${self})
    elseif(ROOM_WARM)
      mayfly_warm(${self})
    else()
      mayfly_hot(${self})
    endif()
    mayfly_precompile(${self} ${ROOM_PRECOMPILE})
  else()
    add_library(${self} INTERFACE)
    target_include_directories(${self} INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
    target_link_libraries(${self} INTERFACE ${links} fmt::fmt Threads::Threads)
  endif()
  if(MAYFLY_TESTS AND tests)
    add_executable(${target}_test ${tests})
    mayfly_test_program(${target}_test)
    target_link_libraries(${target}_test PRIVATE ${self} ${ROOM_TEST_LIBRARIES} GTest::gmock GTest::gtest GTest::gtest_main)
    add_test(NAME ${target} COMMAND ${target}_test)
    add_dependencies(unit_tests ${target}_test)
  endif()
  if(MAYFLY_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(fuzz_name ${fuzzer} NAME_WE)
      add_executable(${fuzz_name} ${fuzzer})
      target_compile_options(${fuzz_name} PRIVATE -fsanitize=fuzzer)
      target_link_options(${fuzz_name} PRIVATE -fsanitize=fuzzer)
      target_link_libraries(${fuzz_name} PRIVATE ${self} ${ROOM_TEST_LIBRARIES})
    endforeach()
  endif()
endfunction()

# Of mayfly_room, which has made `links`.
function(mayfly_room_library target)
  add_library(${target} STATIC ${ARGN})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(${target} PUBLIC ${links} fmt::fmt Threads::Threads)
  mayfly_batches(${target})
endfunction()

# Compiles several files of a target at once, in a release.
function(mayfly_batches target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${MAYFLY_UNITY} UNITY_BUILD_BATCH_SIZE ${MAYFLY_UNITY_FILES})
endfunction()

# How much a release optimises a library: what COLD, WARM and neither mean for mayfly_room.
function(mayfly_cold target)
  if(CMAKE_BUILD_TYPE STREQUAL Release)
    target_compile_options(${target} PRIVATE -O0)
    set_target_properties(${target} PROPERTIES MAYFLY_PRECOMPILED mayfly_precompiled_cold)
  endif()
endfunction()

function(mayfly_warm target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1> "$<$<CONFIG:Release>:SHELL:-mllvm -inline-threshold=0>")
endfunction()

function(mayfly_hot target)
  set_property(GLOBAL APPEND PROPERTY MAYFLY_HOT ${target})
endfunction()

# mayfly_program(NAME LIBRARY): a program that serves invocations, of main.cc and a library that has precompiled headers of its own or all
# rooms' ones. The optimised rooms come first.
function(mayfly_program name library)
  add_library(${name}_main OBJECT main.cc)  # position independent as libraries are, so that it takes their precompiled headers
  target_link_libraries(${name}_main PRIVATE ${library})
  mayfly_cold(${name}_main)
  mayfly_precompile(${name}_main)
  get_property(rooms GLOBAL PROPERTY MAYFLY_HOT)
  list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_FILE:\\1>")
  add_executable(${name} $<TARGET_OBJECTS:${name}_main>)
  target_link_options(${name} PRIVATE LINKER:--gc-sections LINKER:--whole-archive ${rooms} LINKER:--no-whole-archive)
  target_link_libraries(${name} PRIVATE ${library} mayfly_allocator)
  if(MAYFLY_STATIC)
    mayfly_link_static(${name})
  endif()
endfunction()

# Gives a target of C++ the precompiled headers of all, or, with headers named, some of its own. It is known by then how it is optimised.
function(mayfly_precompile target)
  if(ARGN)
    # One header of ours: a change of the list changes it, which the build sees (it does not see that of CMake's own).
    set(content "#include \"base/precompiled.h\"\n")
    foreach(header ${ARGN})
      string(APPEND content "#include \"${header}\"\n")
    endforeach()
    set(all ${CMAKE_BINARY_DIR}/generated/precompiled/${target}.h)
    file(CONFIGURE OUTPUT ${all} CONTENT "${content}" @ONLY)
    target_precompile_headers(${target} PRIVATE ${all})
  else()
    get_target_property(precompiled ${target} MAYFLY_PRECOMPILED)
    if(NOT precompiled)
      set(precompiled mayfly_precompiled)
    endif()
    target_precompile_headers(${target} REUSE_FROM ${precompiled})
  endif()
endfunction()

# What is the same for all programs of tests: they are compiled once and run once, so they are hardly optimised.
function(mayfly_test_program target)
  target_compile_options(${target} PRIVATE ${MAYFLY_TEST_OPTIMISATION})
  mayfly_batches(${target})
  target_precompile_headers(${target} REUSE_FROM mayfly_precompiled_test)
endfunction()
