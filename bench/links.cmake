add_executable(link_bench ${CMAKE_SOURCE_DIR}/bench/link_bench.cc ${CMAKE_SOURCE_DIR}/src/jail/cage_network.cc
  ${CMAKE_SOURCE_DIR}/src/jail/kernel_files.cc ${CMAKE_SOURCE_DIR}/src/sandbox/rtnetlink.cc)
target_include_directories(link_bench PRIVATE ${CMAKE_SOURCE_DIR}/src)
