"""What the tests share: servers, a browser, pictures; no test is in here."""
