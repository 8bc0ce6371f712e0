# mayfly_model(NAME [FILE path] [HOT])
#
# The model of a service, model/NAME.model unless a file is named, as a library: mayfly_model_NAME. Its headers are
#   "model/NAME.h"        structs, the handler to derive from, kService     (in <build>/generated, as the next one)
#   "model/NAME_fake.h"   a handler for tests
# Each service names its own model beside its room, and the room links it; rooms below services have none but those of their tests.
# HOT: its operations are the ones that are measured; the others' glue is compiled as COLD rooms are (Room.cmake).
file(GLOB MAYFLY_MODELC CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tools/modelc/*.py)

function(mayfly_model name)
  cmake_parse_arguments(MODEL "HOT" "FILE" "" ${ARGN})
  set(model ${MODEL_FILE})
  if(NOT model)
    set(model ${CMAKE_SOURCE_DIR}/model/${name}.model)
  endif()
  set(base ${CMAKE_BINARY_DIR}/generated/model/${name})
  add_custom_command(
    OUTPUT ${base}.h ${base}_fake.h ${base}.cc
    COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/modelc ${model} --header ${base}.h --fake ${base}_fake.h --source ${base}.cc
    DEPENDS ${model} ${MAYFLY_MODELC}
    COMMENT "modelc ${name}.model"
    VERBATIM)
  add_library(mayfly_model_${name} STATIC EXCLUDE_FROM_ALL ${base}.cc ${base}.h ${base}_fake.h)
  target_link_libraries(mayfly_model_${name} PUBLIC mayfly_wire)
  if(MODEL_HOT)
    mayfly_hot(mayfly_model_${name})
  else()
    mayfly_cold(mayfly_model_${name})
  endif()
  mayfly_precompile(mayfly_model_${name})
endfunction()
