add_executable(sync_echo ${CMAKE_SOURCE_DIR}/bench/sync_echo.cc)
