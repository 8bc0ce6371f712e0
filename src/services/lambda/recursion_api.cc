#include "services/lambda/recursion_api.h"

#include "services/lambda/find_function.h"

namespace mayfly::lambda {

Task<Result<PutFunctionRecursionConfigResponse>> RecursionApi::PutFunctionRecursionConfig(Context& ctx,
                                                                                          PutFunctionRecursionConfigRequest request) {
  MF_CO_TRY(FoundFunction found, FindFunction(parts_.catalog, ctx, request.function_name));
  const catalog::SettingOwner owner{found.reference.name};
  resources::Change change(parts_.tables.all);
  MF_CO_TRY_VOID(change.Put(parts_.tables.recursion_configs, owner.Key(), catalog::RecursionConfig{owner, request.recursive_loop}));
  MF_CO_TRY_VOID(co_await change.Commit(ctx));
  co_return PutFunctionRecursionConfigResponse{.recursive_loop = request.recursive_loop};
}

Task<Result<GetFunctionRecursionConfigResponse>> RecursionApi::GetFunctionRecursionConfig(Context& ctx,
                                                                                          GetFunctionRecursionConfigRequest request) {
  MF_CO_TRY(FoundFunction found, FindFunction(parts_.catalog, ctx, request.function_name));
  const auto stored = parts_.tables.recursion_configs.Find(catalog::SettingOwner{found.reference.name}.Key());
  co_return GetFunctionRecursionConfigResponse{.recursive_loop =
                                                   stored ? stored->recursive_loop : catalog::RecursionConfig().recursive_loop};
}

}  // namespace mayfly::lambda
