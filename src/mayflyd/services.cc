#include "mayflyd/services.h"

#include "services/autoscaling/service.h"
#include "services/codecommit/service.h"
#include "services/cloudtrail/service.h"
#include "services/ec2/service.h"
#include "services/events/service.h"
#include "services/iot/service.h"
#include "services/iotdata/service.h"
#include "services/iam/service.h"
#include "services/kms/service.h"
#include "services/lambda/service.h"
#include "services/logs/service.h"
#include "services/pipes/service.h"
#include "services/scheduler/service.h"
#include "services/s3/service.h"
#include "services/ses/service.h"
#include "services/secretsmanager/service.h"
#include "services/sns/service.h"
#include "services/sqs/service.h"
#include "services/ssm/service.h"
#include "services/sts/service.h"

namespace mayfly::daemon {

std::vector<services::Declaration> DeclareServices(lambda::Premises& lambda) {
  return {
      lambda::Declare(lambda),
      sqs::Declare(),
      s3::Declare(),
      sns::Declare(),
      autoscaling::Declare(),
      codecommit::Declare(),
      cloudtrail::Declare(),
      ec2::Declare(),
      events::Declare(),
      iot::Declare(),
      iotdata::Declare(),
      logs::Declare(),
      kms::Declare(),
      pipes::Declare(),
      scheduler::Declare(),
      ses::Declare(),
      iam::Declare(),
      secretsmanager::Declare(),
      ssm::Declare(),
      sts::Declare(),
  };
}

}  // namespace mayfly::daemon
