# frozen_string_literal: true

require 'json'
require_relative 'runtime_api'

module MayflyClient
  # How failures of a function are told: to the caller as JSON (errorMessage, errorType, stackTrace), to the log likewise, to X-Ray
  # as a cause. Frames of this client, and what is below them, are left out.
  module FunctionErrors
    OWN_FOLDER = "#{File.dirname(__dir__)}/"
    FRAMES_MAX = 100
    CAUSE_FRAMES_MAX = 50
    CAUSE_BYTES_MAX = 32 << 10
    # Classes that are named to the platform; others may carry what the caller should not see in metrics.
    NAMED_CLASSES = %w[ArgumentError NoMethodError Exception StandardError NameError LoadError SystemExit SystemStackError].freeze

    module_function

    # `phase` is 'Function' or 'Init'. Never raises, whatever the error's own methods do.
    def report(error, phase)
      { errorMessage: message_of(error), errorType: "#{phase}<#{error.class}>", stackTrace: frames_of(error).map(&:to_s) }
    end

    # What the client posts: RuntimeApi::Failure.
    def failure(error, phase)
      told = report(error, phase)
      named = NAMED_CLASSES.include?(error.class.to_s) || phase == 'Init'
      RuntimeApi::Failure.new(JSON.generate(told), named ? told[:errorType] : 'Function<UserException>', cause(error, told))
    end

    def message_of(error)
      text(error.message)
    rescue StandardError => e
      "<message failed: #{e.class}>"
    end

    def text(value)
      value.to_s.dup.force_encoding(Encoding::UTF_8).scrub
    end

    def frames_of(error)
      frames = error.backtrace_locations || []
      frames.take_while { |frame| !frame.path.start_with?(OWN_FOLDER) }.first(FRAMES_MAX)
    end

    def cause(error, told)
      frames = frames_of(error).first(CAUSE_FRAMES_MAX)
      json = JSON.generate(
        { working_directory: Dir.pwd,
          exceptions: [{ type: told[:errorType], message: told[:errorMessage][0, 4096],
                         stack: frames.map { |f| { label: f.label, path: f.path, line: f.lineno } } }],
          paths: frames.map(&:path).uniq }, ascii_only: true
      )
      json.bytesize <= CAUSE_BYTES_MAX ? json : nil
    end
  end
end
