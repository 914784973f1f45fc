<?php

// Apache's library for PHP as a reader: see t/agree/run.  Of its extension,
// which reads binary only, "accelerated".
//
//     php read_php.php plain|accelerated GENERATED CORPUS OUT

error_reporting(E_ERROR);
ini_set('memory_limit', '2G');

[, $kind, $generated, $corpus, $out] = $argv;

spl_autoload_register(function ($class) use ($generated) {
    $name = str_replace('\\', '/', $class);

    foreach (['/usr/lib/php/' . preg_replace('#^Thrift/#', '', $name),
              '/usr/share/php/' . $name, "$generated/$name"] as $path)
    {
        if (is_file("$path.php")) {
            require_once "$path.php";
            return;
        }
    }
});

// thrift 0.17 generates a file for each class or one for all

foreach (['agree/Types.php', 'agree/Svc.php'] as $file) {
    if (is_file("$generated/$file")) {
        require_once "$generated/$file";
    }
}

class Handler implements \agree\SvcIf
{
    public function call(\agree\Body $body = null)
    {
        return 7;
    }
}

function make($kind, $protocol, $transport)
{
    if ($protocol == 'compact') {
        return new \Thrift\Protocol\TCompactProtocol($transport);
    }

    return ($kind == 'accelerated')
        ? new \Thrift\Protocol\TBinaryProtocolAccelerated($transport)
        : new \Thrift\Protocol\TBinaryProtocol($transport);
}

$processor = new \agree\SvcProcessor(new Handler());
$results = fopen($out, 'w');

foreach (file($corpus) as $line) {
    [$number, $protocol, $message] = explode("\t", $line);

    if ($kind == 'accelerated' && $protocol != 'binary') {
        continue;
    }

    $bytes = hex2bin($message) . str_repeat("\0", 4096);
    $in = new \Thrift\Transport\TMemoryBuffer($bytes);

    try {
        $processor->process(make($kind, $protocol, $in),
            make($kind, $protocol, new \Thrift\Transport\TMemoryBuffer()));
        $what = 'on';
    } catch (\Thrift\Exception\TTransportException $e) {
        $what = 'more';
    } catch (\Throwable $e) {
        $what = 'closes';
        $last = $e;
    }

    fwrite($results, "$number\t$what\t"
                     . (strlen($bytes) - $in->available()) . "\n");
}

if (getenv('AGREE_DEBUG') && isset($last)) {
    fwrite(STDERR, $last . "\n");
}
