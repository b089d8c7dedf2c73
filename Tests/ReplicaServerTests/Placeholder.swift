// The tests of the server that hands replicas out.
