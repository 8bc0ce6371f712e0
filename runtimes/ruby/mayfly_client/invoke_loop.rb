# frozen_string_literal: true

require 'json'
require_relative 'event_json'
require_relative 'function_errors'
require_relative 'lambda_context'
require_relative 'lambda_handler'
require_relative 'runtime_api'

module MayflyClient
  # Load, then event → handler → answer, in this order, until something ends the process:
  #   252  the function could not be loaded (after /runtime/init/error)
  #   255  the handler raised what a function should not go on after: NameError and NoMethodError, and whatever is no StandardError
  #   1    the platform is gone
  class InvokeLoop
    INIT_FAILED = 252
    HANDLER_BROKEN = 255
    PLATFORM_GONE = 1

    def initialize
      @api = RuntimeApi.new(ENV.fetch('AWS_LAMBDA_RUNTIME_API'))
    end

    def run
      load_function
      loop { serve(@api.next_invocation) }
    rescue RuntimeApi::PlatformGone => e
      warn "LAMBDA_RUNTIME #{e.message}"
      exit!(PLATFORM_GONE)
    end

    private

    def load_function
      task_root = ENV.fetch('LAMBDA_TASK_ROOT', '/var/task')
      $LOAD_PATH.unshift(task_root) unless $LOAD_PATH.include?(task_root)
      @handler = LambdaHandler.new(ENV.fetch('_HANDLER'))
      @handler.load
    rescue Exception => e # rubocop:disable Lint/RescueException
      tell("Init error when loading handler #{ENV.fetch('_HANDLER', '')}", e, 'Init', nil)
      exit(INIT_FAILED)
    end

    def serve(invocation)
      set_trace_id(invocation.headers['lambda-runtime-trace-id'])
      $_global_aws_request_id = invocation.headers['lambda-runtime-aws-request-id']
      begin
        event = parse(invocation)
        body, content_type = serialize(@handler.call(event, LambdaContext.new(invocation.headers)))
      rescue NameError => e
        give_up(e, invocation)
      rescue StandardError => e
        return tell('Error raised from handler method', e, 'Function', invocation)
      rescue Exception => e # rubocop:disable Lint/RescueException
        give_up(e, invocation)
      end
      answer = @api.respond(invocation, body, content_type)
      warn "LAMBDA_RUNTIME Failed to post handler response. Http response code: #{answer.status}. #{answer.body[0, 500]}" if answer.status >= 300
    end

    def parse(invocation)
      EventJson.parse(invocation.body)
    end

    # A stream is passed on as it is.
    def serialize(result)
      return [result.read, 'application/unknown'] if result.is_a?(IO) || (defined?(StringIO) && result.is_a?(StringIO))

      [EventJson.generate(result), 'application/json']
    end

    def give_up(error, invocation)
      tell('Critical exception from handler', error, 'Function', invocation)
      exit(HANDLER_BROKEN)
    end

    def tell(title, error, phase, invocation)
      puts title
      puts JSON.pretty_generate(FunctionErrors.report(error, phase))
      @api.fail(invocation, FunctionErrors.failure(error, phase))
    end

    def set_trace_id(trace_id)
      if trace_id
        ENV['_X_AMZN_TRACE_ID'] = trace_id
      else
        ENV.delete('_X_AMZN_TRACE_ID')
      end
    end
  end
end
