// Validation of a request that was built in this process: no codec has read it, so nobody has looked at its limits yet.
#pragma once

#include "base/result.h"
#include "wire/descriptor.h"

namespace mayfly::wire {

// Whether the struct is complete and within the model's limits. Errors: those that a client gets who sends the same as JSON
// (ValidationException, InvalidParameterValueException for too long a bare name). A payload that streams is not looked at.
// A pure function, any thread; costs no allocation as long as all is right.
Result<> Validate(const Structure& structure, const void* object);

}  // namespace mayfly::wire
