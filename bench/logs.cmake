add_executable(log_writer log_writer.cc)
target_link_options(log_writer PRIVATE -static)  # it runs as a function, too
