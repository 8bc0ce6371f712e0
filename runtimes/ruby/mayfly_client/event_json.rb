# frozen_string_literal: true

require 'json'

module MayflyClient
  # Events and results as JSON: nested as deep as they come, and with halves of surrogate pairs ("\ud83d", what JavaScript writes for a
  # cut emoji), which the json library refuses. A text holds such a half as the three bytes that UTF-8 would have for it, which makes it
  # invalid, and is written with the escape again.
  module EventJson
    ESCAPES = /\\\\|\\u[dD][89aAbB]\h\h\\u[dD][c-fC-F]\h\h|\\u([dD][89a-fA-F]\h\h)/.freeze
    MAY_HAVE_HALVES = /\\u[dD][89a-fA-F]/.freeze
    HALF = /\xED[\xA0-\xBF][\x80-\xBF]/n.freeze
    MARK = "\u{10FFFE}" # no character: nobody's text has it
    MARKED = /#{MARK}(\h{4})/.freeze

    module_function

    # Raises JSON::ParserError.
    def parse(text)
      text = unescape_halves(text) if text.match?(MAY_HAVE_HALVES)
      JSON.parse(text, max_nesting: false)
    end

    # By the objects' own to_json; it knows no deeper nesting than a hundred levels.
    def generate(value)
      value.to_json
    rescue JSON::NestingError
      generate_marked(value)
    rescue JSON::GeneratorError
      generate_marked(mark(value))
    end

    def generate_marked(value)
      JSON.generate(value, max_nesting: 0).gsub(MARKED) { "\\u#{Regexp.last_match(1)}" }
    rescue JSON::GeneratorError
      JSON.generate(mark(value), max_nesting: 0).gsub(MARKED) { "\\u#{Regexp.last_match(1)}" }
    end

    def unescape_halves(text)
      text.b.gsub(ESCAPES) { |found| Regexp.last_match(1) ? bytes_of(Regexp.last_match(1).hex) : found }.force_encoding(Encoding::UTF_8)
    end

    def bytes_of(half)
      [0xE0 | (half >> 12), 0x80 | ((half >> 6) & 0x3F), 0x80 | (half & 0x3F)].pack('C3')
    end

    def mark(value)
      case value
      when Hash then value.to_h { |key, item| [mark(key), mark(item)] }
      when Array then value.map { |item| mark(item) }
      when String then value.valid_encoding? ? value : mark_text(value)
      else value
      end
    end

    def mark_text(text)
      text.b.gsub(HALF) do |half|
        first, second, third = half.bytes
        format('%s%04x', MARK, ((first & 0x0F) << 12) | ((second & 0x3F) << 6) | (third & 0x3F)).b
      end.force_encoding(Encoding::UTF_8)
    end
  end
end
