# Apache's Ruby server of Peer, a thread for each connection:
# TRANSPORT PROTOCOL PORT...
#
# PEERS_RECORD, and what is told: see t/peers/server.cpp.

require 'thrift'
require 'peer'

class Handler
  def initialize
    name = ENV['PEERS_RECORD']
    @file = name && File.open(name, 'ab')
    @file.sync = true if @file
  end

  def record(text)
    @file.write(text.b[0, 64] + "\n") if @file
  end

  def nothing
  end

  def echoString(text)
    record(text)
    Thread.current[:kept].to_s + text
  end

  def echoAll(all)
    all
  end

  def echoList(numbers)
    numbers
  end

  def echoMap(values)
    values
  end

  def refuse(code)
    raise Refused.new(code: code, reason: "refused #{code}") if code != 0
    0
  end

  def fail
    raise 'not declared'
  end

  def tell(text)
    record(text)
    Kernel.sleep(text[6..].to_i / 1000.0) if text.start_with?('sleep ')
    Thread.current[:kept] = text[5..] if text.start_with?('keep ')
    raise 'told to' if text == 'raise'
  end

  def told(_text)
    false
  end

  def sleep(milliseconds)
    Kernel.sleep(milliseconds / 1000.0)
    milliseconds
  end
end

framing, proto, *ports = ARGV

transport = { 'framed' => Thrift::FramedTransportFactory,
              'buffered' => Thrift::BufferedTransportFactory }[framing].new
protocol = { 'binary' => Thrift::BinaryProtocolFactory,
             'compact' => Thrift::CompactProtocolFactory }[proto].new
handler = Handler.new

Thread.report_on_exception = false

ports.map do |port|
  Thread.new do
    Thrift::ThreadedServer.new(
      Peer::Processor.new(handler),
      Thrift::ServerSocket.new('127.0.0.1', port.to_i), transport, protocol
    ).serve
  end
end.each(&:join)
