# frozen_string_literal: true

require 'socket'

module MayflyClient
  # HTTP/1.1 to the Runtime API over one kept-alive socket: net/http alone would take longer to load than all the rest.
  #
  # A broken connection or an answer of 5xx raises PlatformGone: there is nobody to tell, and nothing to go on with. Other refusals
  # (413 for an answer that is too large) are given back as a status.
  class RuntimeApi
    class PlatformGone < StandardError; end

    # headers: names in lower case. body: UTF-8 text.
    Answer = Struct.new(:status, :headers, :body)
    Failure = Struct.new(:text, :error_type, :cause)

    VERSION_PATH = '/2018-06-01/runtime/'
    HEADER_LINE_BYTES_MAX = 1 << 20

    def initialize(address)
      @address = address
      @host, _, port = address.rpartition(':')
      @host, port = address, '80' if @host.empty?
      @port = Integer(port)
      @socket = nil
    end

    # The next event; its request id is in the header lambda-runtime-aws-request-id.
    def next_invocation
      answer = exchange("GET #{VERSION_PATH}invocation/next HTTP/1.1\r\nHost: #{@address}\r\n\r\n")
      raise PlatformGone, "no next invocation: #{answer.status} #{answer.body[0, 200]}" unless answer.status == 200

      answer
    end

    # Both give back the answer's status.
    def respond(invocation, body, content_type)
      post("invocation/#{request_id(invocation)}/response", body, content_type, invocation)
    end

    # `invocation` is nil when the function could not be loaded.
    def fail(invocation, failure)
      path = invocation ? "invocation/#{request_id(invocation)}/error" : 'init/error'
      extra = "Lambda-Runtime-Function-Error-Type: #{header_text(failure.error_type)}\r\n"
      extra += "Lambda-Runtime-Function-XRay-Error-Cause: #{failure.cause}\r\n" if failure.cause
      post(path, failure.text, 'application/json', invocation, extra)
    end

    private

    def request_id(invocation)
      invocation.headers['lambda-runtime-aws-request-id']
    end

    def post(path, body, content_type, invocation, extra = '')
      invocation_id = invocation && invocation.headers['lambda-runtime-invocation-id']
      extra += "Lambda-Runtime-Invocation-Id: #{invocation_id}\r\n" if invocation_id
      body = body.b
      head = "POST #{VERSION_PATH}#{path} HTTP/1.1\r\nHost: #{@address}\r\nContent-Type: #{content_type}\r\n" \
             "Content-Length: #{body.bytesize}\r\n#{extra}\r\n"
      answer = exchange(head.b + body)
      raise PlatformGone, "the platform failed: #{answer.status} #{answer.body[0, 200]}" if answer.status >= 500

      answer
    end

    def exchange(bytes)
      connect unless @socket
      @socket.write(bytes)
      read_answer
    rescue SystemCallError, IOError, SocketError => e
      raise PlatformGone, "the connection broke: #{e.message}"
    end

    def connect
      @socket = TCPSocket.new(@host, @port)
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      @socket.binmode
    end

    def read_answer
      status = read_line[%r{\AHTTP/1\.\d (\d{3})}, 1] or raise PlatformGone, 'not an HTTP response'
      headers = read_headers
      body = read_body(headers).force_encoding(Encoding::UTF_8)
      if headers['connection'].to_s.casecmp?('close')
        @socket.close
        @socket = nil
      end
      Answer.new(status.to_i, headers, body)
    end

    def read_headers
      headers = {}
      until (line = read_line).empty?
        name, _, value = line.partition(':')
        headers[name.downcase] = value.strip.force_encoding(Encoding::UTF_8)
      end
      headers
    end

    def read_line
      line = @socket.gets("\n", HEADER_LINE_BYTES_MAX)
      raise EOFError, 'the platform closed it' unless line&.end_with?("\n")

      line.chomp
    end

    def read_body(headers)
      return read_chunks if headers['transfer-encoding'].to_s.match?(/chunked/i)

      read_bytes(Integer(headers['content-length'] || 0))
    end

    def read_chunks
      body = String.new(encoding: Encoding::BINARY)
      while (size = read_line.to_i(16)).positive?
        body << read_bytes(size)
        read_line
      end
      read_headers # trailers
      body
    end

    def read_bytes(count)
      bytes = count.zero? ? String.new : @socket.read(count)
      raise EOFError, 'the platform closed it' unless bytes && bytes.bytesize == count

      bytes
    end

    def header_text(text)
      text.to_s[0, 256].gsub(/[^\x20-\x7e]/, '?')
    end
  end
end
