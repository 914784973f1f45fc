<?php
// Apache's client for PHP: PROTOCOL PORT, by HTTP to the path "/thrift".
// PROTOCOL is binary, compact or json.

// its exceptions are older than PHP 8.1

error_reporting(E_ALL & ~E_DEPRECATED);

// A class of php-thrift's, Thrift\A\B, is in A/B.php; a generated one, C, in
// C.php

spl_autoload_register(function ($class) {
    $file = strncmp($class, "Thrift\\", 7) == 0
            ? "/usr/lib/php/" . strtr(substr($class, 7), "\\", "/") . ".php"
            : dirname(__DIR__, 2) . "/build/peers/php/$class.php";

    if (is_file($file)) {
        require_once $file;
    }
});


function same($name, $got, $want)
{
    echo $name, $got === $want ? ": ok\n" : ": other\n";
}


[, $name, $port] = $argv;

$transport = new Thrift\Transport\THttpClient("127.0.0.1", (int) $port,
                                              "/thrift");
$transport->setTimeoutSecs(30);

$protocols = ["binary" => "TBinaryProtocol", "compact" => "TCompactProtocol",
              "json" => "TJSONProtocol"];
$class = "Thrift\\Protocol\\" . $protocols[$name];
$peer = new NewerClient(new $class($transport));

$peer->nothing();
echo "nothing: ok\n";

foreach ([0, 1, 20, 100000] as $n) {
    same("echoString $n", $peer->echoString(str_repeat("x", $n)),
         str_repeat("x", $n));
}

same("echoList", $peer->echoList([1, -2, 3]), [1, -2, 3]);
same("refuse 0", $peer->refuse(0), 0);

try {
    $peer->refuse(7);
    echo "refuse 7: returned\n";
} catch (Refused $e) {
    echo "refuse 7: Refused $e->code $e->reason\n";
}

try {
    $peer->fresh(3);
    echo "fresh: returned\n";
} catch (Thrift\Exception\TApplicationException $e) {
    echo "fresh: TApplicationException ", $e->getCode(), "\n";
}

same("sleep", $peer->sleep(20), 20);
