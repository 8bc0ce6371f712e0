# frozen_string_literal: true

# The handler that _HANDLER names: FILE.METHOD, or FILE.CLASS.METHOD where CLASS may be Module::Class and METHOD is the class's own.
class LambdaHandler
  # Raises ArgumentError for a name of another form.
  def initialize(name)
    parts = name.split('.')
    unless [2, 3].include?(parts.size)
      raise ArgumentError, "Invalid handler #{name}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an " \
                           'existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. ' \
                           'If using CLASS, METHOD must be a class-level method.'
    end
    @file = parts.first
    @method = parts.last
    @class_name = parts[1] if parts.size == 3
  end

  def load
    Kernel.require @file
  end

  # Whatever the function raises passes through, a missing class or method included.
  def call(event, context)
    receiver = @class_name ? Kernel.const_get(@class_name) : self
    receiver.__send__(@method, event: event, context: context)
  end
end
