# Apache's library for Ruby as a reader: see t/agree/run.
#
#     ruby read_ruby.rb pure|native CORPUS OUT

require 'thrift'
require 'svc'

TAIL = "\0".b * 4096

class Handler
  def call(body)
    7
  end
end

def make(kind, protocol, transport)
  return Thrift::CompactProtocol.new(transport) if protocol == 'compact'
  return Thrift::BinaryProtocolAccelerated.new(transport) if kind == 'native'

  Thrift::BinaryProtocol.new(transport)
end

# As its servers do: what is raised out of process() closes.

def read(kind, protocol, bytes)
  transport = Thrift::MemoryBufferTransport.new(bytes.dup)
  out = Thrift::MemoryBufferTransport.new(''.b)
  processor = Agree::Svc::Processor.new(Handler.new)

  begin
    processor.process(make(kind, protocol, transport),
                      make(kind, protocol, out))
    what = 'on'
  rescue EOFError, Thrift::TransportException
    what = 'more'
  rescue Exception
    what = 'closes'
  end

  # an error is answered, and is the end of the data too

  what = 'more' if what == 'on' && transport.available == 0

  [what, bytes.bytesize - transport.available]
end

kind, corpus, out = ARGV

File.open(out, 'w') do |results|
  File.foreach(corpus) do |line|
    number, protocol, message = line.split("\t")

    next if kind == 'native' && protocol != 'binary'

    results.puts(([number] + read(kind, protocol,
                                  [message].pack('H*') + TAIL)).join("\t"))
  end
end
