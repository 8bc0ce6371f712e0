add_executable(chunked_echo chunked_echo.cc)
target_link_libraries(chunked_echo PRIVATE Threads::Threads)
