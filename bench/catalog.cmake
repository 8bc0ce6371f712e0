add_executable(catalog_seed ${CMAKE_SOURCE_DIR}/bench/catalog_seed.cc)
target_link_libraries(catalog_seed PRIVATE mayfly_catalog)
