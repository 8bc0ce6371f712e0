# Programs without shared libraries (preset `static`): for distributions that do not have Debian's versions of them.
#
# Included before libraries are looked for. What Debian's packages have no static library of comes from
# packaging/static-libraries.sh; mayfly_make_static(TARGET…) puts those in the place of the shared ones.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(OPENSSL_USE_STATIC_LIBS ON)
set(static_libraries ${CMAKE_SOURCE_DIR}/build/static-libraries)
list(PREPEND CMAKE_LIBRARY_PATH ${static_libraries})
execute_process(COMMAND bash ${CMAKE_SOURCE_DIR}/packaging/static-libraries.sh ${static_libraries} COMMAND_ERROR_IS_FATAL ANY)

function(mayfly_make_static)
  foreach(target ${ARGN})
    string(REGEX REPLACE ".*::" "" name ${target})
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    foreach(configuration ${configurations})
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_${configuration} ${static_libraries}/lib${name}.a)
    endforeach()
  endforeach()
endfunction()

# Of every program: it takes its libraries with it. libarchive's own come behind it.
function(mayfly_link_static target)
  target_link_options(${target} PRIVATE -static)
  target_link_libraries(${target} PRIVATE acl nettle lzma zstd lz4 bz2 z)
endfunction()
