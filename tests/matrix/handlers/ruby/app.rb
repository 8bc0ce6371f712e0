# What every family's handler does: the event's "do" says it.
require 'json'

class Refused < ArgumentError; end

def tell(context)
  { request_id: context.aws_request_id, arn: context.invoked_function_arn, name: context.function_name, version: context.function_version,
    memory: context.memory_limit_in_mb.to_i, group: context.log_group_name, stream: context.log_stream_name,
    remaining: context.get_remaining_time_in_millis, client: context.client_context && context.client_context['custom'],
    trace: ENV['_X_AMZN_TRACE_ID'] }
end

def eat
  kept = []
  loop { kept << ('x' * (1 << 20)) }
end

def from_layer
  require 'layered'
  { library: Layered::NAME, file: File.read('/opt/layer.txt') }
end

def handler(event:, context:)
  case event['do']
  when 'echo' then event
  when 'context' then tell(context)
  when 'environment' then ENV.to_h
  when 'async' then { doubled: Thread.new { sleep 0.01; 2 * event['number'] }.value }
  when 'print' then puts('a printed line')
  when 'unended' then print("no line's end")
  when 'error' then raise Refused, 'as asked'
  when 'crash'
    Process.kill('SEGV', Process.pid)
    sleep 60
  when 'exit' then exit!(3)
  when 'sleep' then sleep 60
  when 'memory' then eat
  when 'large' then 'x' * event['size']
  when 'layer' then from_layer
  else raise Refused, event.to_json
  end
end
