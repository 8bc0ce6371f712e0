# frozen_string_literal: true

# Starts Mayfly's Ruby runtime client: `ruby -E UTF-8 /var/runtime/ruby/bootstrap.rb` with the environment variables of a Lambda
# function. Ruby 2.7 and newer, the standard library only.

require_relative 'mayfly_client/invoke_loop'

$stdout.sync = true
$stderr.sync = true
MayflyClient::InvokeLoop.new.run
