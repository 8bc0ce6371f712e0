add_executable(store_bench ${CMAKE_SOURCE_DIR}/bench/store_bench.cc)
target_link_libraries(store_bench PRIVATE mayfly_store)
