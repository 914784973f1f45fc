# Apache's Ruby clients that stay: TRANSPORT PROTOCOL PORT CONNECTIONS TAG
#
# What they do is in Stay.pm.

require 'thrift'
require 'newer'

$stdout.sync = true

FRAMING, PROTO, PORT, CONNECTIONS, TAG = ARGV

TRANSPORTS = { 'framed' => Thrift::FramedTransport,
               'buffered' => Thrift::BufferedTransport }.freeze
PROTOCOLS = { 'binary' => Thrift::BinaryProtocolAccelerated,
              'compact' => Thrift::CompactProtocol }.freeze

class Stay
  def initialize(tag)
    transport = TRANSPORTS[FRAMING].new(
      Thrift::Socket.new('127.0.0.1', PORT.to_i, 60)
    )
    @peer = Newer::Client.new(PROTOCOLS[PROTO].new(transport))
    @tag = tag
    transport.open
  end

  def say(what, *words)
    $stdout.write([what, @tag, @number, *words].join(' ') + "\n")
  end

  def check(method, got, want)
    say('wrong', method, got.inspect) if got != want
  end

  # what it returned; nil, and said, where the call failed

  def call(method, *args)
    @peer.public_send(method, *args)
  rescue Refused => e
    e.reason
  rescue Thrift::ApplicationException => e
    say('failed', method, (Time.now.to_f * 1000).to_i, e.type, e.message)
    nil
  end

  def same(method, arg, want)
    got = call(method, arg)
    check(method, got, want) unless got.nil?
  end

  def fresh
    got = call(:fresh, @number)
    return false if got.nil?

    word, generation, number = got.split
    check(:fresh, [generation.match?(/^\d+$/), number], [true, @number.to_s])
    word == 'end'
  end

  def round
    n = @number
    text = "stay #{@tag} #{n} #{'.' * (n % 97)}"

    same(:echoString, text, text)

    return false if fresh

    case n % 4
    when 0 then same(:echoList, [n, -n, 7], [n, -n, 7])
    when 1 then same(:refuse, n, "refused #{n}")
    when 2 then same(:sleep, 10, 10)
    else call(:tell, "tell #{@tag} #{n}")
    end

    Kernel.sleep(n % 5 * 0.005)
    true
  end

  def run
    @number = 1
    @number += 1 while round
    say('end')
  rescue StandardError => e
    say('exception', e.class, e.message)
  end
end

all = Array.new(CONNECTIONS.to_i) { |i| Stay.new("#{TAG}.#{i}") }
all.map { |one| Thread.new { one.run } }.each(&:join)
