# frozen_string_literal: true

# Starts Mayfly's Ruby runtime client: `ruby -E UTF-8 /var/runtime/ruby/bootstrap.rb` with the environment variables of a Lambda
# function. Ruby 2.7 and newer, the standard library only.

require_relative 'mayfly_client/invoke_loop'

# The SDK, and then the gems that Ruby itself comes with (rexml, matrix, net-smtp …), come last: a version of the function or of a layer wins.
# Ruby looks for its own beside GEM_PATH where it was built to; Debian's are elsewhere.
if defined?(Gem)
  more = ['/var/runtime/sdk/ruby', File.join(RbConfig::CONFIG['rubylibprefix'], 'gems', RbConfig::CONFIG['ruby_version'])]
  more = more.select { |folder| File.directory?(folder) } - Gem.path
  Gem.paths = { 'GEM_PATH' => [ENV['GEM_PATH'], *more].compact.join(':') } unless more.empty?
end

$stdout.sync = true
$stderr.sync = true
# A function may have a constant of any name: the client goes on without one.
Object.__send__(:remove_const, :MayflyClient)::InvokeLoop.new.run
