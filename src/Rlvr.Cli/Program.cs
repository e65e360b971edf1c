Console.WriteLine("rlvr");
