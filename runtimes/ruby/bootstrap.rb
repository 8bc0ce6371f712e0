# frozen_string_literal: true

# Starts Mayfly's Ruby runtime client: `ruby -E UTF-8 /var/runtime/ruby/bootstrap.rb` with the environment variables of a Lambda
# function. Ruby 2.7 and newer, the standard library only.

require_relative 'mayfly_client/invoke_loop'

# The SDK comes last: a version of the function or of a layer wins.
SDK_FOLDER = '/var/runtime/sdk/ruby'
Gem.paths = { 'GEM_PATH' => [ENV['GEM_PATH'], SDK_FOLDER].compact.join(':') } if defined?(Gem) && File.directory?(SDK_FOLDER)
Object.__send__(:remove_const, :SDK_FOLDER)

$stdout.sync = true
$stderr.sync = true
# A function may have a constant of any name: the client goes on without one.
Object.__send__(:remove_const, :MayflyClient)::InvokeLoop.new.run
