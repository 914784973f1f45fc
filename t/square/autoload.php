<?php
// What Composer's autoloader is to Apache's test in PHP: a class of Debian's
// php-thrift, Thrift\A\B, is in A/B.php, a generated one in a directory that
// the test names.

error_reporting(E_ALL & ~E_DEPRECATED);

return new class {
    public function __construct()
    {
        $this->addPsr4("Thrift\\", "/usr/lib/php");
    }

    public function addPsr4($prefix, $directory)
    {
        spl_autoload_register(function ($class) use ($prefix, $directory) {
            if ($prefix !== "" && strpos($class, $prefix) !== 0) {
                return;
            }

            $file = $directory . "/" . strtr(substr($class, strlen($prefix)),
                                             "\\", "/") . ".php";

            if (is_file($file)) {
                require_once $file;
            }
        });
    }
};
