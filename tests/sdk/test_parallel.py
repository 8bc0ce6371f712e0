"""If these fail, answers of invocations that run at the same time are mixed up, lost or refused."""
import json
from concurrent.futures import ThreadPoolExecutor

from conftest import ROLE, Functions
from packages import make_zip


def test_200_parallel_invocations_of_one_function(daemon, functions):
    aws = daemon.client("lambda", max_pool_connections=200)
    name = functions("import time\ndef handler(event, context):\n    time.sleep(0.02)\n    return {'got': event, 'id': context.aws_request_id}\n", Timeout=120)

    def invoke(number):
        answer = aws.invoke(FunctionName=name, Payload=json.dumps({"number": number, "pad": "x" * (number * 37)}).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()
        return answer["ResponseMetadata"]["RequestId"], json.loads(answer["Payload"].read())

    with ThreadPoolExecutor(200) as threads:
        answers = list(threads.map(invoke, range(200)))
    assert [answer["got"]["number"] for _, answer in answers] == list(range(200))
    assert all(len(answer["got"]["pad"]) == number * 37 for number, (_, answer) in enumerate(answers))
    assert all(request_id == answer["id"] for request_id, answer in answers)
    assert len({request_id for request_id, _ in answers}) == 200


def test_50_functions_at_once(daemon):
    aws = daemon.client("lambda", max_pool_connections=50)
    made = Functions(aws)

    def life(number):
        name = made(f"def handler(event, context):\n    return [{number}, context.function_name, event]\n", Timeout=120)
        answers = [json.loads(aws.invoke(FunctionName=name, Payload=json.dumps(turn).encode())["Payload"].read()) for turn in range(3)]
        assert answers == [[number, name, turn] for turn in range(3)]

        aws.update_function_code(FunctionName=name, ZipFile=make_zip(f"def handler(event, context):\n    return 'changed {number}'\n"))
        aws.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})
        assert json.loads(aws.invoke(FunctionName=name)["Payload"].read()) == f"changed {number}"
        return name

    try:
        with ThreadPoolExecutor(50) as threads:
            names = list(threads.map(life, range(50)))
        assert len(set(names)) == 50
    finally:
        made.delete_all()


def test_one_name_is_given_once(daemon, name):
    aws = daemon.client("lambda", max_pool_connections=20)

    def create(number):
        try:
            aws.create_function(FunctionName=name, Runtime="python3.11", Handler="index.handler", Role=ROLE,
                                Code={"ZipFile": make_zip(f"def handler(event, context):\n    return {number}\n")})
            return number
        except aws.exceptions.ResourceConflictException:
            return None

    with ThreadPoolExecutor(20) as threads:
        winners = [number for number in threads.map(create, range(20)) if number is not None]
    assert len(winners) == 1
    aws.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.1, "MaxAttempts": 600})
    assert json.loads(aws.invoke(FunctionName=name)["Payload"].read()) == winners[0]
    aws.delete_function(FunctionName=name)
